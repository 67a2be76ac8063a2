// `import` would read all getters of node:http, and one of them loads undici: 30 ms and 3 MB that no server needs. This gets
// the same module without that.
const http: typeof import('node:http') = process.getBuiltinModule('node:http')

export const createServer: typeof http.createServer = http.createServer
export const STATUS_CODES: typeof http.STATUS_CODES = http.STATUS_CODES
