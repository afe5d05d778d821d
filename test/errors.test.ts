import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { type Ended, inFolder, runKit, runProgram } from './kit.ts'

const artifacts = inject('artifacts')

/** An error for people: exit code, code, a message that has all of `parts`, and no stack. */
function expectError(ended: Ended, exit: number, code: string, ...parts: (string | RegExp)[]) {
  expect(ended.stderr).toContain(`code: ${code}`)
  for (const part of parts) expect(ended.stderr).toMatch(part)
  expect(ended.stderr).not.toMatch(/^\s+at /m)
  expect(ended.code).toBe(exit)
}

/** Files below a folder whose names look half-written. */
function leftovers(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.part'))
}

const recipe = (change: (text: string) => string) => {
  const text = readFileSync(new URL('../packages/distro/assets/recipes/debian.yml', import.meta.url), 'utf8')
  const changed = change(text)
  if (changed === text) throw new Error('the recipe was not changed')
  return changed
}

async function buildWith(folder: string, text: string): Promise<Ended> {
  writeFileSync(join(folder, 'recipe.yml'), text)
  const ended = await runKit(['build', '--recipe', 'recipe.yml', '--out', 'out'], { cwd: folder })
  expect(existsSync(join(folder, 'out/initrd'))).toBe(false)
  return ended
}

describe('build', () => {
  test('unknown option', async () => {
    expectError(
      await runKit(['build', '--colour']),
      2,
      'ROS_CLI_USAGE',
      /colour/,
      /hint: did you mean --color/,
    )
  })

  test('unknown package, with what may have been meant', () =>
    inFolder(async (folder) => {
      const ended = await buildWith(
        folder,
        recipe((text) => text.replace('[docker.io,', '[dockerr.io,')),
      )
      expectError(ended, 1, 'ROS_DEBIAN_PACKAGE_UNKNOWN', /dockerr\.io/, /docker\.io/)
    }))

  test('recipe with a wrong key: line and column', () =>
    inFolder(async (folder) => {
      const ended = await buildWith(
        folder,
        recipe((text) => text.replace('\n  modules: >-', '\n  moduels: >-')),
      )
      expectError(ended, 1, 'ROS_RECIPE_KEY', /recipe\.yml:\d+:3: unknown key kernel\.moduels/)
    }))

  test('recipe that is not YAML: line and column', () =>
    inFolder(async (folder) => {
      const ended = await buildWith(folder, 'name: [\n')
      expectError(ended, 1, 'ROS_RECIPE_SYNTAX', /recipe\.yml:\d+:\d+/)
    }))

  test('no space left while writing: the earlier ISO stays, nothing half-written is left', () =>
    inFolder(async (folder) => {
      // A file system of its own, large enough for kernel and initrd and too small for the ISO.
      const limit = Math.ceil(sizeOf('vmlinuz') + sizeOf('initrd') + sizeOf('rancheros.iso') / 2)
      const script = `set -e
        mkdir small; mount -t tmpfs -o size=${limit} none small
        echo earlier > small/rancheros.iso
        set +e; "$KIT" build --out small; code=$?
        echo "iso: $(cat small/rancheros.iso)"; ls -A small; exit $code`
      const ended = await runProgram('unshare', ['-rm', 'bash', '-c', script], {
        cwd: folder,
        env: {
          KIT: join(import.meta.dirname, '../node_modules/.bin/rancheros-kit'),
          ROS_KIT_CACHE: inject('cache'),
        },
      })
      expectError(ended, 1, 'ROS_BYTES_WRITE', /rancheros\.iso: no space left/, /hint: /)
      expect(ended.stdout).toContain('iso: earlier')
      expect(ended.stdout).not.toContain('.part')
    }))

  test.each(['resolve', 'kernel', 'segment engine', 'initrd', 'rancheros.iso'])(
    'Ctrl-C in step %s leaves nothing half-written',
    (step) =>
      inFolder(async (folder) => {
        let sent = false
        // A cache without derived parts, so that every step takes its time.
        const cache = join(folder, 'cache')
        mkdirSync(cache)
        await runProgram('cp', ['-al', join(inject('cache'), 'sha256'), join(cache, 'sha256')])
        const temporary = join(folder, 'tmp')
        mkdirSync(temporary)
        const ended = await runKit(['build', '--dev', '--verbose', '--out', 'out'], {
          cwd: folder,
          env: { ROS_KIT_CACHE: cache, TMPDIR: temporary },
          onStderr: (text, child) => {
            if (sent || !text.includes(`${step}: `)) return
            sent = true
            child.kill('SIGINT')
          },
        })
        expectError(ended, 130, 'ROS_CLI_INTERRUPTED')
        expect(leftovers(join(folder, 'out'))).toEqual([])
        expect(readdirSync(temporary)).toEqual([])
        expect(readdirSync(join(cache, 'temporary'))).toEqual([])
      }),
  )
})

describe('run', () => {
  test('nothing built yet', () =>
    inFolder(async (folder) => {
      const ended = await runKit(['run'], { cwd: folder })
      expectError(ended, 1, 'ROS_CLI_NOT_BUILT', /vmlinuz/, /hint: .*rancheros-kit build/)
    }))

  test('the ssh port is in use', () =>
    inFolder(async (folder) => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const address = server.address()
      const port = typeof address === 'object' && address ? String(address.port) : ''
      try {
        const ended = await runKit(['run', '--out', artifacts, '--port', port], { cwd: folder })
        expectError(ended, 1, 'ROS_QEMU_PORT_IN_USE', new RegExp(port), /hint: .*--port/)
      } finally {
        server.close()
      }
    }))

  test('QEMU is not installed', () =>
    inFolder(async (folder) => {
      const node = join(folder, 'bin')
      mkdirSync(node)
      writeFileSync(join(node, 'node'), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`)
      chmodSync(join(node, 'node'), 0o755)
      const main = join(import.meta.dirname, '../packages/cli/bin/rancheros-kit.js')
      const args = [main, 'run', '--out', artifacts, '--port', '39222', '--ssh', '--', 'true']
      const ended = await runProgram(process.execPath, args, { cwd: folder, env: { PATH: node } })
      expectError(ended, 1, 'ROS_QEMU_NOT_FOUND', /hint: .*qemu-system-x86/)
    }))

  test('cloud-config that is not YAML: line and column', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'config.yml'), '#cloud-config\nhostname: [a\nfoo: }\n')
      const ended = await runKit(
        ['run', '--out', artifacts, '--port', '39223', '--cloud-config', 'config.yml'],
        {
          cwd: folder,
        },
      )
      expectError(ended, 1, 'ROS_CLI_CLOUD_CONFIG', /config\.yml:\d+:\d+/)
    }))

  test('a guest that never answers: time limit, and the last console lines', () =>
    inFolder(async (folder) => {
      const args = [
        'run',
        '--out',
        artifacts,
        '--port',
        '39224',
        '--ssh',
        '--timeout',
        '20',
        '--append',
        'rdinit=/nothing',
      ]
      const ended = await runKit([...args, '--', 'true'], { cwd: folder })
      expectError(ended, 1, 'ROS_SSH_TIMEOUT', /console/i)
      expect(existsSync(join(folder, '.rancheros/machine.json'))).toBe(false)
    }))

  test.each([
    ['at once', 200, []],
    ['while the accelerator is proven', 900, []],
    ['while it boots', 6000, []],
    ['while it boots detached', 6000, ['--detach']],
  ])('Ctrl-C %s leaves no guest and no file', (_, afterMs, more) =>
    inFolder(async (folder) => {
      const temporary = join(folder, 'tmp')
      mkdirSync(temporary)
      const args = ['run', '--out', artifacts, '--port', '39225', ...more, '--ssh', '--', 'true']
      const ended = await runKit(args, {
        cwd: folder,
        // A cache of its own: the accelerator is not known yet.
        env: { TMPDIR: temporary, ROS_KIT_CACHE: join(folder, 'cache') },
        onStart: (child) => void setTimeout(() => child.kill('SIGINT'), afterMs),
      })
      // Before its first line of code a program ends by the signal itself.
      if (ended.code !== null) expectError(ended, 130, 'ROS_CLI_INTERRUPTED')
      const { stdout } = await runProgram('pgrep', ['-f', `hostfwd=tcp:127.0.0.1:39225|${temporary}`])
      expect(stdout).toBe('')
      expect(readdirSync(temporary)).toEqual([])
      expect(leftovers(folder)).toEqual([])
      expect(existsSync(join(folder, '.rancheros/machine.json'))).toBe(false)
    }),
  )

  test('--dry-run prints the command and changes nothing', () =>
    inFolder(async (folder) => {
      const ended = await runKit(['run', '--out', artifacts, '--dry-run', '--append', 'a=b'], { cwd: folder })
      expect(ended.stdout).toMatch(/^qemu-system-x86_64 .*-kernel .*vmlinuz/)
      expect(ended.stdout).toContain('a=b')
      expect(ended.code).toBe(0)
      expect(existsSync(join(folder, '.rancheros/state.qcow2'))).toBe(false)
    }))
})

function sizeOf(name: string): number {
  return readFileSync(join(artifacts, name)).length
}
