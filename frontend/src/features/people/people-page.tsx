import { Link, useSearchParams } from "react-router";
import { usePeople, type Person } from "../../api/people";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { LoadMore } from "../../components/load-more";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { personPath } from "../../components/person-path";
import { TextField } from "../../components/text-field";
import { useDebounced } from "../../components/use-debounced";
import { usePageTitle } from "../../components/use-page-title";
import { formatInstant } from "../../format/dates";
import { formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import styles from "./people.module.css";

const TYPING = 250;
const MAX_SEARCH = 200;

/** Who uses the product: a list that is searched, kept in the address. */
export function PeoplePage() {
  usePageTitle("People");
  const [params, setParams] = useSearchParams();
  const search = (params.get("search") ?? "").slice(0, MAX_SEARCH);
  const people = usePeople(useDebounced(search.trim(), TYPING));
  const found = people.data?.pages.flatMap(({ users }) => users) ?? [];
  return (
    <main className={page.page}>
      <PageHead title="People" />
      <TextField
        label="Search people"
        placeholder="Search by id or attribute"
        type="search"
        maxLength={MAX_SEARCH}
        value={search}
        onChange={(text) => setParams(text === "" ? {} : { search: text }, { replace: true })}
      />
      {people.data ? (
        <section className={page.panel} aria-label="People found" aria-busy={people.isPlaceholderData}>
          {found.length === 0 && (
            <Notice title={search === "" ? "Nobody yet" : "Nobody is found"}>
              {search === ""
                ? "Users show here once their events or attributes are loaded."
                : "The search looks in ids and in attributes that are text."}
            </Notice>
          )}
          <ul>
            {found.map((person) => (
              <Row key={person.user_id} person={person} />
            ))}
          </ul>
          {people.hasNextPage && (
            <LoadMore loading={people.isFetchingNextPage} onMore={() => void people.fetchNextPage()} />
          )}
        </section>
      ) : null}
      {people.isError ? (
        <Notice
          kind="bad"
          title={errorText(people.error).title}
          actions={<Button onPress={() => void people.refetch()}>Try again</Button>}
        >
          {errorText(people.error).advice}
        </Notice>
      ) : (
        people.isPending && <Notice title="Fetching people…" />
      )}
    </main>
  );
}

function Row({ person }: { person: Person }) {
  const locale = userLocale();
  const { user_id: id, attributes, last_seen: seen, event_count: count } = person;
  const summary = Object.entries(attributes)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
  return (
    <li className={styles.person}>
      <Link to={personPath(id)} className={styles.id} dir="auto">
        {id}
      </Link>
      <span className={styles.seen}>
        {seen === null
          ? "no events"
          : `${formatNumber(count, locale)} ${count === 1 ? "event" : "events"}, last ${formatInstant(new Date(seen), userTimezone(), locale)}`}
      </span>
      {summary !== "" && (
        <span className={styles.attributes} dir="auto">
          {summary}
        </span>
      )}
    </li>
  );
}
