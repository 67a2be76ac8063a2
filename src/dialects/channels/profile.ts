/** The two variants of the envelope: channels-api, and Django Channels REST Framework where it differs. */
export type Profile = 'channels' | 'dcrf'

/** The answers in which the two differ. */
export interface Words {
  readonly missing: string
  readonly denied: { readonly status: number; readonly text: string }
  readonly unknownAction: (action: unknown) => { readonly status: number; readonly text: string }
  /** JSON text. */
  readonly deleted: { readonly status: number; readonly data: string }
}

export const words: Readonly<Record<Profile, Words>> = {
  channels: {
    missing: 'Not found.',
    denied: { status: 401, text: 'Permission Denied' },
    unknownAction: () => ({ status: 400, text: 'Invalid Action' }),
    deleted: { status: 200, data: '{}' },
  },
  dcrf: {
    missing: 'Not found',
    denied: { status: 403, text: 'You do not have permission to perform this action.' },
    unknownAction: action => ({ status: 405, text: `Method "${String(action)}" not allowed.` }),
    deleted: { status: 204, data: 'null' },
  },
}
