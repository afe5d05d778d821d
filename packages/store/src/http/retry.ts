import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '../error.ts'
import type { HttpOptions, HttpResponse } from './http.ts'
import { redacted } from './url.ts'

const TRANSIENT = [408, 429, 500, 502, 503, 504]

/** Whether the same request may succeed a little later. */
export function isTransient(outcome: unknown): boolean {
  if (outcome instanceof StoreError)
    return ['ROS_HTTP_CONNECT', 'ROS_HTTP_TIMEOUT', 'ROS_HTTP_CUT'].includes(outcome.code)
  const status = (outcome as Partial<HttpResponse>).status
  return status !== undefined && TRANSIENT.includes(status)
}

/**
 * The pause after try number `attempt`: doubled each time, half of it by chance, so that many clients do not come
 * back at once. A `Retry-After` (RFC 9110 §10.2.3) above the limit throws `ROS_HTTP_STATUS`.
 */
export async function waitFor(
  settings: Required<Pick<HttpOptions, 'backoffMs' | 'maxBackoffMs'>> &
    Pick<HttpOptions, 'signal' | 'onRetry'>,
  attempt: number,
  url: URL,
  outcome: unknown,
): Promise<void> {
  const { backoffMs, maxBackoffMs, signal } = settings
  const status = outcome instanceof StoreError ? undefined : (outcome as HttpResponse).status
  const asked = outcome instanceof StoreError ? undefined : retryAfterMs(outcome as HttpResponse)
  if (asked !== undefined && asked > maxBackoffMs) {
    throw new StoreError('ROS_HTTP_STATUS', `server answers ${status} and asks to be left alone`, {
      subject: redacted(url),
      got: `Retry-After of ${Math.round(asked / 1000)} s`,
      limit: `${Math.round(maxBackoffMs / 1000)} s are waited`,
      hint: 'try again later',
    })
  }
  const doubled = Math.min(backoffMs * 2 ** attempt, maxBackoffMs)
  const pauseMs = Math.round(asked ?? doubled / 2 + (Math.random() * doubled) / 2)
  const reason = outcome instanceof Error ? outcome.message : `server answers ${status}`
  settings.onRetry?.({ url: redacted(url), reason, pauseMs })
  try {
    await sleep(pauseMs, undefined, signal ? { signal } : {})
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

function retryAfterMs(response: HttpResponse): number | undefined {
  const text = response.header('retry-after')
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
