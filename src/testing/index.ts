/** What tests of an API need beside the API itself. */
export { expectRule, ruleMatrix, type RuleExpectation } from './expect-rule.ts'
