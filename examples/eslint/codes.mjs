/** The rules that were broken, in one line. */
export default (results) => {
  const rules = results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId));
  return `${rules.join(' ')}\n`;
};
