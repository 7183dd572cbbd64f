import type { ReactNode } from "react";
import { Link } from "react-router";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { TextField } from "../../components/text-field";
import { usePageTitle } from "../../components/use-page-title";
import { ChangedBy } from "./changed-by";
import styles from "./insights.module.css";
import { ItemMenu } from "./item-menu";

type Item = { id: string; name: string; description: string; updated_at: string; updated_by: string };

type SavedListProps<T extends Item> = {
  title: string;
  /** The path below which each has its page. */
  path: string;
  /** What is typed into the field that searches by name. */
  search: string;
  onSearch: (search: string) => void;
  items: { data?: T[] | undefined; error: Error | null; isFetching: boolean; refetch: () => unknown };
  /** What more there is to tell of one. */
  detail?: (item: T) => ReactNode;
  actions: (item: T) => readonly { id: string; text: string; onAction: () => void }[];
  /** What begins a new one. */
  begin: ReactNode;
  /** Shown in place of the list while there is none at all. */
  empty: ReactNode;
  children?: ReactNode;
};

/** A page that lists what is saved, the last changed first, and finds it by name. */
export function SavedList<T extends Item>(props: SavedListProps<T>) {
  const { title, path, search, onSearch, items, detail, actions, begin, empty, children } = props;
  const { data, error, isFetching, refetch } = items;
  usePageTitle(title);

  return (
    <main className={page.page}>
      <PageHead title={title}>{begin}</PageHead>
      {(search !== "" || (data && data.length > 0)) && (
        <div className={styles.search}>
          <TextField
            label={`Search ${title.toLowerCase()}`}
            type="search"
            placeholder="Search by name"
            value={search}
            onChange={onSearch}
            maxLength={200}
          />
        </div>
      )}
      {error && !data ? (
        <Notice
          kind="bad"
          title={errorText(error).title}
          actions={<Button onPress={() => refetch()}>Try again</Button>}
        >
          {errorText(error).advice}
        </Notice>
      ) : !data ? (
        <div className={page.waiting} role="status" aria-busy="true">
          <span className="visually-hidden">The list is on its way</span>
        </div>
      ) : data.length === 0 ? (
        search === "" ? (
          empty
        ) : (
          <p role="status">{isFetching ? "Searching…" : "No name matches."}</p>
        )
      ) : (
        <ul className={page.list} aria-label={title}>
          {data.map((item) => (
            <li key={item.id} className={page.item}>
              <div className={page.words}>
                <Link to={`${path}/${item.id}`} dir="auto">
                  {item.name}
                </Link>
                {item.description !== "" && (
                  <p className={styles.summary} dir="auto">
                    {item.description}
                  </p>
                )}
                <p className={page.note}>
                  {detail && <>{detail(item)} · </>}
                  <ChangedBy item={item} />
                </p>
              </div>
              <ItemMenu label={`More about ${item.name}`} actions={actions(item)} />
            </li>
          ))}
        </ul>
      )}
      {children}
    </main>
  );
}
