import { emailValidator, idcard, ipv4, ipv6, phone, urlValidator } from './address.ts'
import { dateValidator, datetimeValidator, time } from './moment.ts'
import { boolValidator, float, int } from './number.ts'
import { str } from './string.ts'
import type { Validators } from '../validator.ts'

/** The validators that every text may use. */
export const builtin: Validators = Object.freeze({
  int,
  bool: boolValidator,
  float,
  str,
  date: dateValidator,
  time,
  datetime: datetimeValidator,
  email: emailValidator,
  url: urlValidator,
  ipv4,
  ipv6,
  phone,
  idcard,
})
