// The table of files that go into the initrd: where each goes, and whether it is a program.
import { fromBlob } from '@ros/bytes'
import type { InitrdFile } from './make.ts'

const files = new WeakMap<HTMLTableRowElement, File>()

/** Adds a row for each file; one for the same path takes the place of the row that is there. */
export async function addRows(body: HTMLTableSectionElement, picked: Iterable<File>): Promise<void> {
  for (const one of picked) {
    const path = pathOf(one)
    const taken = [...body.rows].filter((row) => pathInput(row).value === path)
    for (const row of taken) row.remove()
    body.append(makeRow(one, path, await isProgram(one)))
  }
}

/** What the rows say. */
export function rowsOf(body: HTMLTableSectionElement): InitrdFile[] {
  return [...body.rows].map((row) => ({
    path: pathInput(row).value,
    content: fromBlob(files.get(row) as File),
    executable: (row.querySelector('[type=checkbox]') as HTMLInputElement).checked,
  }))
}

const pathInput = (row: HTMLTableRowElement) => row.querySelector('[type=text]') as HTMLInputElement

/** In a folder that was picked, what stands below it. */
function pathOf({ name, webkitRelativePath }: File): string {
  return webkitRelativePath.split('/').slice(1).join('/') || name
}

/** Pickers tell no mode: what starts as programs and scripts do is one. */
async function isProgram(one: File): Promise<boolean> {
  const start = new Uint8Array(await one.slice(0, 4).arrayBuffer())
  const text = String.fromCharCode(...start)
  return text === '\x7fELF' || text.startsWith('#!')
}

function makeRow(one: File, path: string, executable: boolean): HTMLTableRowElement {
  const row = document.createElement('tr')
  files.set(row, one)
  const name = document.createElement('input')
  Object.assign(name, { type: 'text', value: path, spellcheck: false, required: true })
  name.setAttribute('aria-label', `Path of ${one.name} in the initrd`)
  const program = document.createElement('input')
  Object.assign(program, { type: 'checkbox', checked: executable })
  program.setAttribute('aria-label', `${path} is a program`)
  const remove = document.createElement('button')
  Object.assign(remove, { type: 'button', textContent: 'Remove' })
  remove.setAttribute('aria-label', `Remove ${path}`)
  remove.addEventListener('click', () => {
    // The keyboard goes on where it was.
    const next = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    const button = next?.querySelector('button') ?? document.querySelector<HTMLElement>('#files')
    button?.focus()
  })
  for (const content of [name, program, `${one.size}`, remove]) row.insertCell().append(content)
  return row
}
