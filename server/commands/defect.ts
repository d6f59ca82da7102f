/** What is said of an error that nobody foresaw, beside the line that tells it. */
export const defect = {
  name: 'defect',
  title: 'A mistake of Keyturn’s',
  detail: 'Something happened that Keyturn does not know. What it had written before that still stands.',
  remedy: 'Run keyturn status to see what is true now; please report it with the line above.',
}
