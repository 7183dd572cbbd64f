import { useState, type ReactNode } from "react";
import { ApiError } from "../src/api/client";
import { Button, IconButton } from "../src/components/button";
import { ConfirmButton } from "../src/components/confirm-button";
import { EventList } from "../src/components/event-list";
import { FormError } from "../src/components/form-error";
import { EditIcon, LineIcon, PlusIcon, TableIcon } from "../src/components/icons";
import { LoadMore } from "../src/components/load-more";
import { NewPasswordFields } from "../src/components/new-password-fields";
import { Notice } from "../src/components/notice";
import { Picker } from "../src/components/picker";
import { SecretOnce } from "../src/components/secret-once";
import { Switch } from "../src/components/switch";
import { TextArea } from "../src/components/text-area";
import { TextField } from "../src/components/text-field";
import { ToggleGroup } from "../src/components/toggle-group";
import { MemoryRouter } from "react-router";
import { ARABIC, EMOJI, GERMAN, LONG, activity } from "./fixtures";
import styles from "./gallery.module.css";

/** All states, to be chosen from. */
export function Index({ names }: { names: readonly string[] }) {
  return (
    <main className={styles.page}>
      <h1>DataLoaf’s states</h1>
      <ul className={styles.index}>
        {names.map((name) => (
          <li key={name}>
            <a href={`/?state=${name}`}>{name}</a>
          </li>
        ))}
      </ul>
    </main>
  );
}

const ODD = [GERMAN, ARABIC, EMOJI, LONG];
const ignore = () => undefined;

/** The components that views share, each in its states. */
export function Components() {
  return (
    <MemoryRouter>
      <main className={styles.page}>
        <h1>Components</h1>
        <Sheet title="Buttons">
          <Buttons />
        </Sheet>
        <Sheet title="Notices">
          <Notice title="Nothing here">Choose another period.</Notice>
          <Notice kind="bad" title="The server does not answer" actions={<Button>Try again</Button>}>
            It may be starting. The page tries again by itself.
          </Notice>
          {ODD.map((name) => (
            <Notice key={name} kind="bad" title={name} actions={<Button>{name}</Button>}>
              {name}
            </Notice>
          ))}
          <FormError error={new ApiError("The address is no e-mail address.", { status: 400, code: "x" })} />
          <FormError
            error={
              new ApiError("The warehouse did not answer.", {
                status: 500,
                code: "internal",
                requestId: "4f2a",
              })
            }
          />
        </Sheet>
        <Sheet title="Fields">
          <Fields />
        </Sheet>
        <Sheet title="Once and not again">
          <SecretOnce
            title="The token"
            label="Token"
            secret={`loaf_${"0123456789abcdef".repeat(4)}`}
            onDone={ignore}
          >
            It is shown this once. Copy it now.
          </SecretOnce>
        </Sheet>
        <Sheet title="Lists">
          <EventList label="Events" events={activity.events.slice(0, 6)} />
          <LoadMore loading={false} onMore={ignore} />
          <LoadMore loading onMore={ignore} />
        </Sheet>
      </main>
    </MemoryRouter>
  );
}

function Sheet({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.sheet} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Buttons() {
  return (
    <>
      {([false, true] as const).map((small) => (
        <div key={String(small)} className={styles.row}>
          {(["primary", "plain", "quiet"] as const).map((kind) => (
            <Button key={kind} kind={kind} small={small}>
              {kind}
            </Button>
          ))}
          <Button icon={<PlusIcon />} small={small}>
            With an icon
          </Button>
          <Button isDisabled small={small}>
            Disabled
          </Button>
          <IconButton label="Edit">
            <EditIcon />
          </IconButton>
        </div>
      ))}
      <div className={styles.row}>
        {ODD.map((name) => (
          <Button key={name}>{name}</Button>
        ))}
      </div>
      <ConfirmButton verb="Revoke" label="Revoke the token" question="Revoke it?" onConfirm={ignore}>
        Whoever uses it is refused from now on.
      </ConfirmButton>
    </>
  );
}

function Fields() {
  const [view, setView] = useState<"line" | "table">("line");
  const [on, setOn] = useState(true);
  const [picked, setPicked] = useState<string[]>([ARABIC]);
  const items = ODD.map((name, index) => ({ id: name, text: name, detail: `${index + 1}` }));
  return (
    <>
      <TextField label="Name" labelShown placeholder="Name" hint="As it shall be called." />
      <TextField label="Long" labelShown defaultValue={LONG} />
      <TextField label="Arabic" labelShown defaultValue={ARABIC} />
      <TextField label="Disabled" labelShown defaultValue={GERMAN} isDisabled />
      <TextArea label="Text" defaultValue={`${ARABIC}\n${LONG}`} />
      <ToggleGroup
        label="Show as"
        options={[
          { id: "line", text: "Line", icon: <LineIcon /> },
          { id: "table", text: "Table", icon: <TableIcon /> },
        ]}
        value={view}
        onChange={setView}
      />
      <Switch isSelected={on} onChange={setOn}>
        Compare with the period before
      </Switch>
      <Picker
        label="Event"
        items={items}
        selected={picked}
        onSelect={setPicked}
        value={picked.join(", ")}
        placeholder="Choose"
      />
      <Picker label="Nothing yet" items={[]} selected={[]} onSelect={ignore} value="" placeholder="Choose" />
      <Picker
        label="Long"
        items={items}
        selected={[LONG]}
        onSelect={ignore}
        value={LONG}
        placeholder="Choose"
      />
      <NewPasswordFields password="short" again="another" onPassword={ignore} onAgain={ignore} />
    </>
  );
}
