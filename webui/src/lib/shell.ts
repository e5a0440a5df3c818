/** A word of a command line that the shell takes as it is, whatever is in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command line of these words. */
export function shellLine(...words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
