import { type BootRecord, parseBootRecord } from '../../packages/cli/src/timeline/boot-record.ts'
import { timelinePage } from '../../packages/cli/src/timeline/page.ts'
import { code, page, table } from './markdown.ts'

/** A boot that was recorded, as `run --timeline` draws it: the page around it, and the picture, which is a page of its own. */
export function timelinePages(
  record: string,
  machine: string,
  sshAnswers: number,
): { page: string; picture: string } {
  const boot = parseBootRecord(record, 'boot.json')
  return {
    page: around(boot, machine),
    picture: timelinePage(boot, { marks: [{ name: 'ssh answers', at: sshAnswers }], machine }),
  }
}

function around({ phases, services }: BootRecord, machine: string): string {
  const rows = (spans: BootRecord['phases']) =>
    spans.map(({ name, start, end }) => [
      code(name),
      start.toFixed(2),
      end === undefined ? '' : (end - start).toFixed(2),
    ])
  return page([
    '# A boot as a picture',
    `${code('rancheros-kit run --ssh --timeline boot.html')} draws the boot of the machine that it runs; ${code('ros boot')} prints the same on a machine. This one was ${machine}.`,
    '<a href="../timeline.html" target="_self">The whole picture</a> is one HTML file without a script.',
    '<iframe src="../timeline.html" title="Bars of the boot" style="width: 100%; height: 640px; border: 1px solid var(--vp-c-divider)"></iframe>',
    '## Phases of PID 1',
    'Seconds since the kernel started, and how long each took.',
    table(['phase', 'start', 'took'], rows(phases)),
    '## Services',
    table(['service', 'start', 'took'], rows(services)),
  ])
}
