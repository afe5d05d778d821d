import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@ros/qemu-runner'
import { describe, expect, test } from 'vitest'
import { openProject } from '../project.ts'
import { chooseSshPort, readPorts, rememberPort } from './ports.ts'

describe('readPorts', () => {
  test.each([
    [[], { ssh: undefined, forwards: [] }],
    [['2300'], { ssh: 2300, forwards: [] }],
    [['8080:80', '2300'], { ssh: 2300, forwards: [{ hostPort: 8080, guestPort: 80 }] }],
    [
      ['0.0.0.0:53:53/udp'],
      {
        ssh: undefined,
        forwards: [{ hostPort: 53, guestPort: 53, hostAddress: '0.0.0.0', protocol: 'udp' }],
      },
    ],
    [['1:65535/tcp'], { ssh: undefined, forwards: [{ hostPort: 1, guestPort: 65_535 }] }],
  ])('%j', (texts, wishes) => expect(readPorts(texts)).toEqual(wishes))

  test.each([
    ['0'],
    ['65536'],
    ['x'],
    [''],
    ['1:2:3'],
    ['80:0'],
    ['80/udp'],
    ['80:80/sctp'],
    ['2300', '2301'],
    ['[::1]:80:80'],
  ])('refuses %j %j', (...texts) => {
    expect(() => readPorts(texts)).toThrow(expect.objectContaining({ code: 'ROS_CLI_USAGE' }))
  })
})

/** A port that something listens on meanwhile. */
async function taken<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.close()
  }
}

describe('chooseSshPort', () => {
  const inProject = async (
    use: (files: ReturnType<ReturnType<typeof openProject>['machine']>) => Promise<void>,
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'ros-ports-'))
    try {
      const files = openProject(folder).machine('box')
      await mkdir(files.directory, { recursive: true })
      await use(files)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  test('the last one again, another when it is taken, damaged settings are none', () =>
    inProject(async (files) => {
      const last = await freePort()
      await rememberPort(files, last)
      expect(await chooseSshPort(readPorts([]), files)).toBe(last)
      await taken(async (port) => {
        await rememberPort(files, port)
        expect(await chooseSshPort(readPorts([]), files)).not.toBe(port)
      })
      for (const damage of ['', '{', 'null', '{"port":0}', '{"port":"2300"}']) {
        await writeFile(files.settings, damage)
        expect(await chooseSshPort(readPorts([]), files)).toBeGreaterThan(1023)
      }
    }))

  test('a port that was asked for and is taken is an error, of ssh and of others', () =>
    inProject(async (files) => {
      await taken(async (port) => {
        for (const text of [String(port), `${port}:80`]) {
          await expect(chooseSshPort(readPorts([text]), files)).rejects.toMatchObject({
            code: 'ROS_QEMU_PORT_IN_USE',
          })
        }
      })
    }))

  test('a forward keeps its port from ssh', () =>
    inProject(async (files) => {
      const last = await freePort()
      await rememberPort(files, last)
      expect(await chooseSshPort(readPorts([`${last}:80`]), files)).not.toBe(last)
    }))
})
