import { command } from '../command.ts'
import { machineState } from '../machine/record.ts'

export const ps = command({
  usage: 'ps',
  describe: "list this project's machines",
  examples: [['$0 ps --json', 'for programs']],
  options: (y) =>
    y.option('all', { alias: 'a', type: 'boolean', default: false, describe: 'those that are off too' }),
  run: async ({ all }, { project }) => {
    const names = project.machineNames()
    const found = await Promise.all(
      names.map(async (name) => ({ name, ...(await machineState(project.machine(name))) })),
    )
    const shown = found.filter(({ state }) => all || state !== 'off')
    const data = shown.map(({ name, state, ...rest }) => ({
      ...('record' in rest && rest.record),
      name,
      state,
    }))
    const rows = shown.map(({ name, state, ...rest }) => {
      if (!('record' in rest)) return [name, state, '', '', '', '', '']
      const { process, port, memoryMb, cpus, accelerator, boot, startedAt } = rest.record
      const ssh = port === null ? '' : String(port)
      const pid = state === 'running' ? String(process.pid) : ''
      return [name, state, pid, ssh, `${memoryMb} MB × ${cpus} ${accelerator}`, startedAt, boot]
    })
    return {
      data,
      text: table([['NAME', 'STATE', 'PID', 'SSH', 'MACHINE', 'STARTED', 'BOOTED FROM'], ...rows]),
    }
  },
})

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
