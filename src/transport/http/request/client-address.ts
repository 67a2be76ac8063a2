import { BlockList, isIP } from 'node:net'

/** What tells where a request or handshake comes from: its peer and header fields. */
interface Arriving {
  readonly address?: string | undefined
  header(name: string): string | undefined
}

/** Finds the address of a client: the peer of the connection, or what trusted proxies say. */
export type AddressOf = (arriving: Arriving) => string

/**
 * `X-Forwarded-For` is read from right to left, as long as the addresses belong to trusted proxies. Everything further left was
 * written by the client and cannot be trusted. Proxies are addresses or networks such as `10.0.0.0/8`.
 */
export function addressFinder(proxies: readonly string[] = []): AddressOf {
  if (proxies.length === 0) return ({ address }) => address ?? ''
  const trusted = networksOf(proxies)
  const isTrusted = (address: string): boolean => {
    const kind = isIP(address)
    return kind !== 0 && trusted.check(address, kind === 6 ? 'ipv6' : 'ipv4')
  }
  return arriving => {
    let address = plain(arriving.address ?? '')
    const hops = arriving.header('x-forwarded-for')?.split(',') ?? []
    while (isTrusted(address)) {
      const next = plain(hops.pop()?.trim() ?? '')
      if (isIP(next) === 0) break
      address = next
    }
    return address
  }
}

/** The addresses and networks in `http.trustedProxies`. Throws Error if a text is neither. */
export function networksOf(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  for (const proxy of proxies) add(list, proxy)
  return list
}

function add(list: BlockList, proxy: string): void {
  const [address = '', bits] = proxy.split('/')
  const kind = isIP(address)
  const most = kind === 6 ? 128 : 32
  const length = bits === undefined ? most : Number(bits)
  if (kind === 0 || !Number.isInteger(length) || length < 0 || length > most)
    throw new Error(`http.trustedProxies: "${proxy}" is not an address or network such as 10.0.0.0/8`)
  list.addSubnet(address, length, kind === 6 ? 'ipv6' : 'ipv4')
}

/** Turns an IPv4 address in IPv6 form (`::ffff:1.2.3.4`) into the IPv4 address (RFC 4291 §2.5.5.2). */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
