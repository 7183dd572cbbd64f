/** The page of a user. The id is a parameter: a path has no room for every id, such as "..". */
export function personPath(id: string): string {
  return `/people/user?id=${encodeURIComponent(id)}`;
}
