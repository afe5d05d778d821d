import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'
import { probeAccelerator } from './index.ts'

/** A program in QEMU's place; `exec qemu-system-x86_64 "$@"` in it is the real one. Its calls are counted in `calls`. */
async function standIn(directory: string, script: string): Promise<string> {
  const path = join(directory, 'qemu')
  await writeFile(
    path,
    `#!/bin/sh
if [ "$1" = --version ]; then echo "stand-in $VERSION"; exit; fi
echo run >> '${directory}/calls'
${script}
`,
  )
  await chmod(path, 0o755)
  return path
}

/** Replaces the accelerator by TCG, so that the guest really runs wherever the test does. */
const underTcg = `
for word; do
  shift
  case $word in kvm) word=tcg ;; host) word=max ;; esac
  set -- "$@" "$word"
done
exec qemu-system-x86_64 "$@"`

const calls = async (directory: string) =>
  (await readFile(join(directory, 'calls'), 'latin1').catch(() => '')).split('\n').length - 1

async function device(directory: string): Promise<string> {
  const path = join(directory, 'kvm')
  await writeFile(path, '')
  return path
}

test('working: the micro guest prints its line', async () => {
  await inDirectory(async (directory) => {
    const options = {
      qemu: await standIn(directory, underTcg),
      candidates: ['kvm'],
      kvmDevice: await device(directory),
      timeoutMs: 30_000,
    } as const
    expect(await probeAccelerator(options)).toEqual({
      accelerator: 'kvm',
      reason: 'KVM runs a guest: using it',
    })
  })
})

test('absent: nothing is started', async () => {
  await inDirectory(async (directory) => {
    const kvmDevice = join(directory, 'kvm')
    const qemu = await standIn(directory, 'exit 1')
    expect(await probeAccelerator({ qemu, candidates: ['kvm'], kvmDevice })).toEqual({
      accelerator: 'tcg',
      reason: `there is no ${kvmDevice}: using TCG (slow)`,
    })
    expect(await calls(directory)).toBe(0)
  })
})

test('forbidden: the group is named', async () => {
  await inDirectory(async (directory) => {
    const kvmDevice = await device(directory)
    await chmod(kvmDevice, 0o000)
    await chmod(directory, 0o755)
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534) // root may open everything
    try {
      expect(await probeAccelerator({ qemu: '/nonexistent', candidates: ['kvm'], kvmDevice })).toEqual({
        accelerator: 'tcg',
        reason: `${kvmDevice} is there but this user may not open it (is the user in the group kvm?): using TCG (slow)`,
      })
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })
})

test.each([
  ['a processor that never runs', `${underTcg} -S`],
  ['a QEMU that does nothing and ignores SIGTERM', "trap '' TERM; sleep 60 & wait; wait"],
])('hanging: %s', async (_, script) => {
  await inDirectory(async (directory) => {
    const kvmDevice = await device(directory)
    const qemu = await standIn(directory, script)
    const result = await probeAccelerator({ qemu, candidates: ['kvm'], kvmDevice, timeoutMs: 500 })
    expect(result).toEqual({
      accelerator: 'tcg',
      reason: `${kvmDevice} is there but a guest does not run within 0.5 s: using TCG (slow)`,
    })
  })
})

test('QEMU gives up: its own words are in the reason', async () => {
  await inDirectory(async (directory) => {
    const kvmDevice = await device(directory)
    const qemu = await standIn(
      directory,
      "echo 'qemu: error: failed to set MSR' >&2; echo Assertion >&2; kill -ABRT $$",
    )
    const { accelerator, reason } = await probeAccelerator({ qemu, candidates: ['kvm'], kvmDevice })
    expect(accelerator).toBe('tcg')
    expect(reason).toBe(
      `${kvmDevice} is there but QEMU ends (qemu: error: failed to set MSR): using TCG (slow)`,
    )
  })
})

test('this machine, as it is: an accelerator that was proven, or a reason in one line', async () => {
  const { accelerator, reason } = await probeAccelerator()
  expect(['kvm', 'hvf', 'whpx', 'tcg']).toContain(accelerator)
  expect(reason).toMatch(
    accelerator === 'tcg' ? /^[^\n]+: using TCG \(slow\)$/ : /^(KVM|HVF) runs a guest: using it$/,
  )
})

test('an accelerator that this QEMU does not have, and none at all', async () => {
  const { accelerator, reason } = await probeAccelerator({ candidates: ['hvf'] })
  expect(accelerator).toBe('tcg')
  expect(reason).toMatch(/^HVF may be there but QEMU ends \(.*hvf.*\): using TCG \(slow\)$/)
  expect(await probeAccelerator({ candidates: [] })).toEqual({
    accelerator: 'tcg',
    reason: 'no accelerator to try: using TCG (slow)',
  })
  expect((await probeAccelerator({ candidates: ['tcg', 'kvm'] })).accelerator).toBe('tcg')
})

test('required: what was proven is used, what does not run is an error', async () => {
  await inDirectory(async (directory) => {
    const kvmDevice = await device(directory)
    const working = {
      qemu: await standIn(directory, underTcg),
      required: 'kvm',
      kvmDevice,
      timeoutMs: 30_000,
    } as const
    expect((await probeAccelerator(working)).accelerator).toBe('kvm')
    const missing = { required: 'kvm', kvmDevice: join(directory, 'none') } as const
    await expect(probeAccelerator(missing)).rejects.toMatchObject({
      code: 'ROS_QEMU_ACCELERATOR',
      got: expect.stringContaining('there is no') as string,
    })
    expect((await probeAccelerator({ required: 'tcg', qemu: '/no/qemu' })).accelerator).toBe('tcg')
  })
})

test('guests of another architecture run under TCG only', async () => {
  const other = { arch: 'aarch64', hostArch: 'x86_64', qemu: '/no/qemu' } as const
  expect(await probeAccelerator(other)).toEqual({
    accelerator: 'tcg',
    reason: 'this machine is x86_64, the guest aarch64: using TCG (slow)',
  })
  await expect(probeAccelerator({ ...other, required: 'kvm' })).rejects.toMatchObject({
    code: 'ROS_QEMU_ACCELERATOR',
  })
})

test('an arm64 machine proves its accelerator with a guest of its own', async () => {
  await inDirectory(async (directory) => {
    const qemu = await standIn(directory, underTcg.replace('x86_64', 'aarch64'))
    const options = { arch: 'aarch64', hostArch: 'aarch64', qemu, candidates: ['kvm'] } as const
    expect(
      await probeAccelerator({ ...options, kvmDevice: await device(directory), timeoutMs: 30_000 }),
    ).toEqual({ accelerator: 'kvm', reason: 'KVM runs a guest: using it' })
  })
})

test('QEMU is missing', async () => {
  await inDirectory(async (directory) => {
    const options = { qemu: '/no/qemu', candidates: ['kvm'], kvmDevice: await device(directory) } as const
    await expect(probeAccelerator(options)).rejects.toMatchObject({ code: 'ROS_QEMU_NOT_FOUND' })
  })
})

test('a proof that is interrupted ends at once and is not remembered', async () => {
  await inDirectory(async (directory) => {
    const cacheFile = join(directory, 'accelerator.json')
    const controller = new AbortController()
    const qemu = await standIn(directory, `${underTcg} -S`)
    const kvmDevice = await device(directory)
    const options = { qemu, candidates: ['kvm'], kvmDevice, cacheFile, timeoutMs: 60_000 } as const
    const probing = probeAccelerator({ ...options, signal: controller.signal })
    await expect.poll(() => calls(directory), { timeout: 20_000 }).toBe(1)
    controller.abort(new Error('interrupted'))
    await expect(probing).rejects.toThrow('interrupted')
    await expect(readFile(cacheFile)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('the verdict is kept for this QEMU, the device is looked at every time', async () => {
  await inDirectory(async (directory) => {
    const cacheFile = join(directory, 'cache/accelerator.json')
    const kvmDevice = await device(directory)
    const options = {
      qemu: await standIn(directory, 'echo broken: error: no >&2; exit 1'),
      candidates: ['kvm'],
      kvmDevice,
      cacheFile,
    } as const
    const first = await probeAccelerator(options)
    expect(await probeAccelerator(options)).toEqual(first)
    expect(await calls(directory)).toBe(1)

    expect((await probeAccelerator({ ...options, kvmDevice: join(directory, 'none') })).reason).toContain(
      'there is no',
    )

    process.env['VERSION'] = 'two'
    try {
      await probeAccelerator(options)
      expect(await calls(directory)).toBe(2)
    } finally {
      delete process.env['VERSION']
    }

    for (const damage of [
      '',
      '{',
      '[]',
      'null',
      '{"format":2,"verdicts":{}}',
      '{"format":1,"verdicts":null}',
    ]) {
      await writeFile(cacheFile, damage)
      expect(await probeAccelerator(options)).toEqual(first)
    }
    expect(await calls(directory)).toBe(8)
    await probeAccelerator(options)
    expect(await calls(directory)).toBe(8)
  })
})
