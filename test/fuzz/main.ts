// `npm run fuzz -- [INPUTS] [SEED] [READER] [INDEX]`: damaged inputs for every reader, 100 000 each by default. Only a
// reader's own class of error may come out, within time and memory. With an index that one input is read again.
import { makeReaders } from './readers.ts'
import { fuzz } from './run.ts'
import { makeSeeds } from './seeds.ts'

const LIMIT_MS = 5000
const LIMIT_RSS = 1024 ** 3

const [inputs = '100000', seedText = '1', only, index] = process.argv.slice(2)
const seed = Number(seedText)
const count = index === undefined ? Number(inputs) : 1
if (![count, seed, Number(index ?? 0)].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error('usage: npm run fuzz -- [INPUTS] [SEED] [READER] [INDEX]')
  process.exit(2)
}

let failed = false
for (const reader of makeReaders(await makeSeeds())) {
  if (only !== undefined && reader.name !== only) continue
  const started = performance.now()
  const { accepted, refused, failures, slowestMs } = await fuzz(reader, seed, count, {
    first: Number(index ?? 0),
    limitMs: LIMIT_MS,
  })
  const seconds = (performance.now() - started) / 1000
  const memory = process.memoryUsage().rss
  const rate = Math.round((accepted + refused) / seconds)
  const parts = [
    `${accepted} read`,
    `${refused} refused`,
    `${failures.length} failures`,
    `${rate}/s`,
    `slowest ${Math.round(slowestMs)} ms`,
    `${Math.round(memory / 1e6)} MB resident`,
  ]
  console.log(`${reader.name}: ${parts.join(', ')}`)
  for (const failure of failures) {
    failed = true
    console.error(`  again with: npm run fuzz -- 1 ${seed} '${reader.name}' ${failure.index}`)
    console.error(failure.error)
  }
  if (memory > LIMIT_RSS) {
    failed = true
    console.error(`  more than ${LIMIT_RSS} bytes resident`)
  }
}
process.exit(failed ? 1 : 0)
