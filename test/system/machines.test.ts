import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { inFolder, kit, runKit, runProgram } from '../kit.ts'

const artifacts = inject('artifacts')

test('a machine without an owner: ps, ssh, cp, console, logs, stop; and what its disks and arguments are', async () => {
  await inFolder(async (folder) => {
    const at = (args: string[]) => runKit(args, { cwd: folder })
    writeFileSync(join(folder, 'config.yml'), '#cloud-config\nhostname: from-fat\n')
    const options = [
      '--name',
      'box',
      '--resizehd',
      '12G',
      '--second-drive',
      '--cloud-config-fat',
      'config.yml',
    ]
    const script =
      'hostname; cat /sys/block/vda/size /sys/block/vdb/size; cat /proc/cmdline; sudo ros config get hostname'
    const started = await at(
      ['run', '--out', artifacts, '--detach', '--ssh', '--timeout', '600', ...options].concat([
        '--append',
        'seen=1',
        '--append-init',
        'hidden=1',
        '--',
        script,
      ]),
    )
    try {
      expect(started.stderr).toContain('ssh answered')
      expect(started.stdout).toMatch(/^from-fat\n25165824\n20971520\n.* seen=1( --)?\s*\n/)
      expect(started.stdout).not.toContain('hidden=1')
      expect(started.code).toBe(0)

      const ps = await at(['ps', '--json'])
      expect(JSON.parse(ps.stdout)).toMatchObject([{ name: 'box', state: 'running', console: 'socket' }])
      expect((await at(['ps'])).stdout).toMatch(/^NAME .*\nbox +running +\d+ +\d+ /)

      // Another start of the same machine is refused, and leaves it alone.
      const again = await at(['run', '--out', artifacts, '--detach', '--name', 'box', '--fresh'])
      expect(again.stderr).toContain('code: ROS_CLI_RUNNING')
      expect(again.code).toBe(1)

      const json = await at(['ssh', '--name', 'box', '--json', '--', 'echo out; echo err >&2; exit 3'])
      expect(JSON.parse(json.stdout)).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
      expect(json.code).toBe(3)

      mkdirSync(join(folder, 'tree/sub'), { recursive: true })
      writeFileSync(join(folder, "tree/sub/a 'b"), 'content\n', { mode: 0o750 })
      symlinkSync("sub/a 'b", join(folder, 'tree/link'))
      expect((await at(['cp', 'tree', 'box:'])).code).toBe(0)
      expect((await at(['cp', 'tree/link', 'config.yml', 'box:tree'])).code).toBe(0)
      const listed = await at(['ssh', '-n', 'box', '--', "stat -c '%A %U' \"tree/sub/a 'b\"; ls tree"])
      expect(listed.stdout).toBe('-rwxr-x--- rancher\nconfig.yml\nlink\nsub\n')
      expect((await at(['cp', 'box:tree', 'back'])).code).toBe(0)
      expect(readFileSync(join(folder, 'back/link'), 'utf8')).toBe('content\n')
      expect(readdirSync(join(folder, 'back')).sort()).toEqual(['config.yml', 'link', 'sub'])
      const absent = await at(['cp', 'box:/absent', '.'])
      expect(absent.stderr).toContain('code: ROS_CLI_COPY')
      expect(absent.code).toBe(1)

      // A piped input: it is typed, what the machine answers is shown, its end leaves the console.
      const typed = '(sleep 1; printf "\\r"; sleep 3)'
      const shown = await runProgram('sh', ['-c', `${typed} | "${kit}" console box`], { cwd: folder })
      expect(shown.stdout).toMatch(/login:|rancher@/)
      expect(shown.stderr).toContain('the machine runs on')

      expect((await at(['logs', 'box'])).stdout).toMatch(/RancherOS v\S+ started/)
      const following = at(['logs', 'box', '--follow'])
      const stopped = await at(['stop', 'box'])
      expect(stopped.stdout).toBe('box is off\n')
      expect(stopped.code).toBe(0)
      expect((await following).code).toBe(0)
      expect(readFileSync(join(folder, '.rancheros/machines/box/console.log'), 'utf8')).toMatch(/[Pp]ower/)
    } finally {
      await at(['stop', 'box', '--force'])
    }
    expect((await at(['ps'])).stdout.split('\n')).toHaveLength(2)
    expect((await at(['ssh', '--name', 'box', '--', 'true'])).stderr).toContain('code: ROS_CLI_NOT_RUNNING')
    expect(existsSync(join(folder, '.rancheros/machines/box/state.qcow2'))).toBe(true)
  })
})
