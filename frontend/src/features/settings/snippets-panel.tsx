import { useState } from "react";
import { Input, Label, NumberField } from "react-aria-components";
import field from "../../components/field.module.css";
import { useCollectionUrl } from "../../api/session";
import page from "../../components/page.module.css";
import { Snippet } from "../../components/snippet";
import { LANGUAGES, installSnippet, sendSnippet, type Language } from "../../components/snippets";
import { Switch } from "../../components/switch";
import { TextField } from "../../components/text-field";
import { ToggleGroup } from "../../components/toggle-group";
import styles from "./settings.module.css";

/** How a program sends events here. */
export function SnippetsPanel() {
  const [language, setLanguage] = useState<Language>("go");
  const [endpoint, setEndpoint] = useState(useCollectionUrl());
  const [sampling, setSampling] = useState(false);
  const [share, setShare] = useState(10);
  const install = installSnippet(language);
  const sampled = sampling && language !== "curl";
  return (
    <section className={page.panel} aria-labelledby="snippets">
      <h2 id="snippets">Send data</h2>
      <TextField
        label="Endpoint of the collection API"
        labelShown
        hint="This stack’s own. Where you have put a domain before it, write that. loafctl output tells where the key is; loafctl dev prints it."
        value={endpoint}
        onChange={setEndpoint}
        maxLength={500}
      />
      <ToggleGroup label="Language" options={LANGUAGES} value={language} onChange={setLanguage} />
      {language !== "curl" && (
        <div className={page.form}>
          <Switch isSelected={sampling} onChange={setSampling}>
            Send the events of a share of users only
          </Switch>
          {sampling && (
            <>
              <NumberField
                className={styles.share}
                value={share}
                minValue={1}
                maxValue={99}
                onChange={(next) => {
                  // An emptied field keeps the share that holds.
                  if (!Number.isNaN(next)) setShare(next);
                }}
                formatOptions={{ maximumFractionDigits: 0 }}
                isWheelDisabled
              >
                <Label className={field.label}>Of 100 users</Label>
                <Input className={field.input} />
              </NumberField>
              <p className={page.note}>
                All events of a user are sent or none, and always the same users’. So conversion, retention
                and what is asked per user stay right, within the error of a sample. Totals and numbers of
                users are those of the sample: nothing here scales them up. Events without a user are all
                sent. What is not sent is gone for good, and of the users who are left out only those with
                attributes show in People.
              </p>
            </>
          )}
        </div>
      )}
      {install !== null && <Snippet label="Command to install" text={install} />}
      <Snippet
        label={language === "curl" ? "Command to send an event" : "Code to send an event"}
        text={sendSnippet(language, endpoint.trim().replace(/\/+$/, ""), sampled ? share : null)}
      />
    </section>
  );
}
