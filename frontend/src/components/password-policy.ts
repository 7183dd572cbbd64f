/** The least number of characters of a password, as the server has it. */
export const MIN_PASSWORD = 12;

/** Whether the server would take a password for its length; it counts code points, as this does. */
export function longEnough(password: string): boolean {
  return Array.from(password).length >= MIN_PASSWORD;
}
