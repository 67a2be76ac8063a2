// An import of node:http reads all its getters, and one of them loads the whole of undici: 30 ms and 3 MB that no server
// needs. What is got like this is the same module without that.
const http: typeof import('node:http') = process.getBuiltinModule('node:http')

export const createServer: typeof http.createServer = http.createServer
export const STATUS_CODES: typeof http.STATUS_CODES = http.STATUS_CODES
