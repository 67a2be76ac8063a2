/**
 * Tells the nodes of a database that one of them has committed. What it tells is a hint: the log is the truth, and each node looks
 * there once a second anyway. So a message may be lost, late, repeated or nonsense without anything going wrong; without a bus,
 * subscribers hear of changes by other nodes within a second.
 */
export interface Bus {
  readonly name: string
  /** Whether messages get through at the moment, as far as is known. */
  readonly isConnected: boolean
  /**
   * Begins to listen, again and again if the connection is lost. `topic` names the database: letters, digits and underscores.
   * Calls `onMessage` for each message of others, perhaps also of this node, and with an empty text when some may have been lost. Throws Error for options without a meaning; that
   * nobody answers is no reason to.
   */
  open(topic: string, onMessage: (text: string) => void): void
  /** Sends a message, if that is possible now. Never throws. */
  publish(text: string): void
  close(): Promise<void>
}
