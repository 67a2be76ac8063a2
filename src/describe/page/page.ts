import type { Page } from '../../transport/http/page.ts'
import type { DescribeOptions } from '../options.ts'

export function documentationPage(_options: DescribeOptions): Omit<Page, 'path'> {
  return { type: 'text/html; charset=utf-8', cache: 'no-cache', text: () => '<!doctype html>' }
}
