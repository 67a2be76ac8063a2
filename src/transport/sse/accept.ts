export const EVENT_STREAM = 'text/event-stream'

/** Whether a request asks for a stream: it names the media type, and does not prefer a JSON type. */
export function wantsStream(accept: string | undefined): boolean {
  if (accept === undefined || !/text\/event-stream/i.test(accept)) return false
  let stream = 0
  let other = 0
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
    const weight = parameters.find(text => text.startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.slice(2)) || 0
    if (type === EVENT_STREAM) stream = quality
    else if (/^application\/(json|.*\+json)$/.test(type)) other = Math.max(other, quality)
  }
  return stream > 0 && stream >= other
}
