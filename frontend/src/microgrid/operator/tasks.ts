/** What an operator does, by the tab in which it is done. */
export const OPERATOR_TASKS = ["island", "prices", "meter", "line", "names", "roles"] as const;
