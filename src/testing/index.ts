/** What tests of an API may need: `restuary/testing`. */
export { expectRule, ruleMatrix, type RuleExpectation } from './expect-rule.ts'
