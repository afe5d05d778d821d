import { collect } from '@ros/bytes'
import { StoreError } from '../error.ts'
import type { HttpRequest, HttpResponse } from './http.ts'
import { redacted } from './url.ts'

/** A refusal as an error, with the start of what the server says. Ends the exchange. */
export async function statusError(
  response: HttpResponse,
  method: HttpRequest['method'] = 'GET',
): Promise<StoreError> {
  const said = await firstLine(response)
  return new StoreError('ROS_HTTP_STATUS', `server answers ${response.status} to ${method}`, {
    subject: redacted(response.url),
    ...(said !== '' && { got: JSON.stringify(said) }),
  })
}

async function firstLine(response: HttpResponse): Promise<string> {
  try {
    const bytes = await collect(response.body, 65_536)
    return new TextDecoder().decode(bytes).trim().split('\n')[0]?.slice(0, 300) ?? ''
  } catch {
    return ''
  } finally {
    response.discard()
  }
}
