/** What stands in JSON as it is: printable ASCII without the double quote and the backslash. */
const plain = /^[ !#-[\]-~]*$/;

/** The text as JSON writes it. Nearly every text is plain, and then this is sooner done than `JSON.stringify`. */
export function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
