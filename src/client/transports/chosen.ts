// Transports other than the usual one. They are loaded when a client names one of them.
export { auto } from './auto.ts'
export { socketIo as socketio } from './socket-io.ts'
export { streams as sse } from './streams.ts'
