import { email, idcard, ipv4, ipv6, phone, url } from './address.ts'
import { date, datetime, time } from './moment.ts'
import { bool, float, int } from './number.ts'
import { str } from './string.ts'
import type { Validators } from './validator.ts'

/** What every text may name. */
export const builtin: Validators = Object.freeze({
  int,
  bool,
  float,
  str,
  date,
  time,
  datetime,
  email,
  url,
  ipv4,
  ipv6,
  phone,
  idcard,
})
