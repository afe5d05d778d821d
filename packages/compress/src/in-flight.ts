/**
 * Starts work on each item as it comes and gives the results in the order of the items, `count` at once at the most.
 * Left early, it waits for what still runs: nothing goes on behind the consumer's back.
 */
export async function* inFlight<Item, Result>(
  items: AsyncIterable<Item>,
  count: number,
  start: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const running: Promise<Result>[] = []
  try {
    for await (const item of items) {
      const task = start(item)
      // It is awaited in its turn, perhaps much later: until then a failure must not count as unhandled.
      task.catch(() => undefined)
      running.push(task)
      if (running.length === count) yield await (running.shift() as Promise<Result>)
    }
    for (let next = running.shift(); next; next = running.shift()) yield await next
  } finally {
    await Promise.allSettled(running)
  }
}
