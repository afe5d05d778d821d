/**
 * Results of `work` on each item, in the items' order, with at most `count` under way. After a failure no more are begun; it is thrown when those under
 * way have ended, so that nothing runs on behind the caller's back.
 */
export async function atOnce<T, R>(
  count: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  let failed = false
  const worker = async () => {
    for (const [index, item] of queue) {
      if (failed) return
      try {
        results[index] = await work(item, index)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: count }, worker))
  for (const worked of workers) if (worked.status === 'rejected') throw worked.reason
  return results
}
