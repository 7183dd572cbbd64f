import { Link, useSearchParams } from "react-router";
import { ApiError } from "../../api/client";
import { usePerson, type Person } from "../../api/people";
import { useMay } from "../../api/session";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { EventList } from "../../components/event-list";
import { LoadMore } from "../../components/load-more";
import { Notice } from "../../components/notice";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { usePageTitle } from "../../components/use-page-title";
import { formatInstant } from "../../format/dates";
import { formatNumber, userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { DeletePerson } from "../deletions/delete-person";
import { exploreAttribute } from "./explore-link";
import styles from "./people.module.css";

/** One user: attributes, and the events newest first. */
export function PersonPage() {
  const [params] = useSearchParams();
  const id = params.get("id") ?? "";
  usePageTitle(id === "" ? "People" : id);
  const admin = useMay("admin");
  const person = usePerson(id);
  const first = person.data?.pages[0];
  const events = person.data?.pages.flatMap(({ events }) => events) ?? [];
  const unknown = person.error instanceof ApiError && person.error.status === 404;
  return (
    <main className={page.page}>
      <PageHead title={id === "" ? "Nobody" : id} note={<Link to="/people">All people</Link>} />
      {first ? (
        <>
          <section className={page.panel} aria-label="About">
            <Numbers person={first} />
          </section>
          <section className={page.panel} aria-labelledby="attributes">
            <h2 id="attributes">Attributes</h2>
            <Attributes attributes={first.attributes} />
          </section>
          <section className={page.panel} aria-labelledby="events">
            <h2 id="events">Events</h2>
            {events.length === 0 && <p className={page.lead}>None yet.</p>}
            <EventList label="Events" events={events} />
            {person.hasNextPage && (
              <LoadMore loading={person.isFetchingNextPage} onMore={() => void person.fetchNextPage()} />
            )}
          </section>
          {admin && <DeletePerson key={id} id={id} />}
        </>
      ) : null}
      {unknown ? (
        <Notice title="Nothing is known of this user">
          There is no event and no attribute under this id. Ids are compared with case.
        </Notice>
      ) : person.isError ? (
        <Notice
          kind="bad"
          title={errorText(person.error).title}
          actions={<Button onPress={() => void person.refetch()}>Try again</Button>}
        >
          {errorText(person.error).advice}
        </Notice>
      ) : (
        person.isPending && <Notice title="Fetching the user…" />
      )}
    </main>
  );
}

function Numbers({ person }: { person: Person }) {
  const locale = userLocale();
  const when = (at: string | null) =>
    at === null ? "–" : formatInstant(new Date(at), userTimezone(), locale);
  return (
    <dl className={styles.numbers}>
      <Fact name="Events" value={formatNumber(person.event_count, locale)} />
      <Fact name="First seen" value={when(person.first_seen)} />
      <Fact name="Last seen" value={when(person.last_seen)} />
      <Fact name="Created" value={when(person.created_at)} />
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Attributes({ attributes }: { attributes: Record<string, unknown> }) {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return <p className={page.lead}>None. This user is known by events alone.</p>;
  return (
    <dl>
      {entries.map(([name, value]) => {
        const link = exploreAttribute(name, value);
        return (
          <div key={name} className={styles.attribute}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            <dd>
              {link !== null && (
                <Link to={link} aria-label={`Explore people with this ${name}`}>
                  Explore
                </Link>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
