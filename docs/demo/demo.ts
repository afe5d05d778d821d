// Ties the page's form to what is made. Nothing leaves the page: its content security policy allows no connection.
import { type ByteSource, fromBlob } from '@ros/bytes'
import { addRows, rowsOf } from './file-list.ts'
import { writeChosenInitrd, writeChosenIso } from './make.ts'

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

const form = element('form', HTMLFormElement)
const rows = element('rows', HTMLTableSectionElement)
const list = element('list', HTMLTableElement)
const status = element('status', HTMLParagraphElement)
const downloads = element('downloads', HTMLUListElement)

for (const id of ['files', 'folder']) {
  const input = element(id, HTMLInputElement)
  input.addEventListener('change', () => void pick(input))
}
form.addEventListener('submit', (event) => {
  event.preventDefault()
  void make()
})
new MutationObserver(() => {
  list.hidden = rows.rows.length === 0
}).observe(rows, { childList: true })

/** What is picked becomes rows, and may be picked again. */
async function pick(input: HTMLInputElement): Promise<void> {
  try {
    await addRows(rows, [...(input.files ?? [])])
    input.value = ''
  } catch (cause) {
    report(`A file cannot be read: ${String(cause)}`, true)
  }
}

async function make(): Promise<void> {
  const button = element('make', HTMLButtonElement)
  // Not `disabled`, which would take the keyboard's focus away.
  if (button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-disabled', 'true')
  for (const link of downloads.querySelectorAll('a')) URL.revokeObjectURL(link.href)
  downloads.replaceChildren()
  element('made', HTMLElement).hidden = true
  try {
    const made = await makeAll()
    report(`Made ${made.join(' and ')}.`)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? `${String(cause.code)}: ` : ''
    report(code + (cause instanceof Error ? cause.message : String(cause)), true)
  } finally {
    button.removeAttribute('aria-disabled')
  }
}

/** Gives the names of what was made. */
async function makeAll(): Promise<string[]> {
  const files = rowsOf(rows)
  if (files.length === 0) throw new Error('No files for the initrd: pick some, or a folder.')
  report('Making the initrd …')
  const initrd = await blobOf(
    writeChosenInitrd({
      files,
      console: element('console', HTMLInputElement).checked,
      compression: element('compression', HTMLSelectElement).value === 'gzip' ? 'gzip' : 'none',
    }),
  )
  offer('initrd', initrd)
  const kernel = fileOf('kernel')
  if (!kernel) return ['the initrd']
  report('Making the ISO …')
  const iso = await writeChosenIso({
    kernel,
    initrd: fromBlob(initrd),
    isolinux: needed('isolinux', 'isolinux.bin'),
    ldlinux: needed('ldlinux', 'ldlinux.c32'),
    mbr: fileOf('mbr'),
    append: element('append', HTMLInputElement).value,
    volumeId: element('volume', HTMLInputElement).value,
    created: timeOf(element('time', HTMLInputElement).value),
  })
  offer('image.iso', await blobOf(iso))
  return ['the initrd', 'the ISO']
}

/** Each chunk becomes a blob at once, which the browser may keep on its disk. */
async function blobOf(chunks: Chunks): Promise<Blob> {
  const parts: Blob[] = []
  for await (const chunk of chunks) parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]))
  return new Blob(parts, { type: 'application/octet-stream' })
}

function offer(name: string, blob: Blob): void {
  const link = document.createElement('a')
  Object.assign(link, { href: URL.createObjectURL(blob), download: name, textContent: name })
  const item = document.createElement('li')
  item.append(link, ` ${blob.size} bytes`)
  downloads.append(item)
  element('made', HTMLElement).hidden = false
}

function report(text: string, failed = false): void {
  status.textContent = text
  status.classList.toggle('failed', failed)
}

function fileOf(id: string): ByteSource | undefined {
  const picked = element(id, HTMLInputElement).files?.[0]
  return picked && fromBlob(picked)
}

function needed(id: string, name: string): ByteSource {
  const source = fileOf(id)
  if (!source) throw new Error(`A kernel without ${name}: pick it too, and there will be an ISO.`)
  return source
}

/** Whole seconds since 1970 of a date and time, taken as UTC. */
function timeOf(text: string): number {
  const seconds = Date.parse(`${text}Z`) / 1000
  if (!Number.isSafeInteger(seconds)) throw new Error(`Not a date and time: ${text}`)
  return seconds
}

function element<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`The page has no ${id}`)
  return found
}
