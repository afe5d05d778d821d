import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { checkPortFree, freePort } from './index.ts'

test('a free port is free, a taken one is not', async () => {
  const port = await freePort()
  expect(port).toBeGreaterThan(0)
  await checkPortFree(port)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await expect(checkPortFree(port)).rejects.toMatchObject({
    code: 'ROS_QEMU_PORT_IN_USE',
    subject: `127.0.0.1:${port}`,
    hint: expect.stringContaining('--port N'),
  })
  await new Promise((resolve) => server.close(resolve))
  await checkPortFree(port)
})

test('a port taken on all addresses is taken', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const { port } = server.address() as { port: number }
  await expect(checkPortFree(port)).rejects.toMatchObject({ code: 'ROS_QEMU_PORT_IN_USE' })
  server.close()
})

test.each([0, -1, 65_536, 22.5, Number.NaN])('%s is no port', async (port) => {
  await expect(checkPortFree(port)).rejects.toMatchObject({ code: 'ROS_QEMU_OPTION' })
})
