/** Lists of todos, for the price of related rows: how many lists there are, and how many todos each has. */
export const LISTS = 1_000
export const TODOS = 5

export const listTitle = (list: number): string => `List number ${list}`
export const todoText = (list: number, nth: number): string => `Todo ${nth} of list ${list}`
