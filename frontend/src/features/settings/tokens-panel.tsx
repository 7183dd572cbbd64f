import { useState, type SyntheticEvent } from "react";
import { useNewToken, useRevokeToken, useTokens, type MadeToken, type Token } from "../../api/tokens";
import { Button } from "../../components/button";
import { ConfirmButton } from "../../components/confirm-button";
import { errorText } from "../../components/error-text";
import { FormError } from "../../components/form-error";
import { Notice } from "../../components/notice";
import page from "../../components/page.module.css";
import { SecretOnce } from "../../components/secret-once";
import { Select } from "../../components/select";
import { TextField } from "../../components/text-field";
import { useNow } from "../../components/use-now";
import { formatInstant } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { ACCESSES, LIFES, accessText, expiry, scopesOf, type Access, type Life } from "./roles";
import styles from "./settings.module.css";

/** The tokens by which programs call the API. */
export function TokensPanel() {
  const tokens = useTokens();
  const [made, setMade] = useState<MadeToken | null>(null);
  return (
    <section className={page.panel} aria-labelledby="tokens">
      <h2 id="tokens">Tokens</h2>
      <p className={page.note}>
        For programs, which send <code>Authorization: Bearer TOKEN</code>. To read is to ask and to look; to
        write is to save as an editor does. No token may invite members or make tokens.
      </p>
      <TokenForm onMade={setMade} />
      {made && (
        <SecretOnce
          key={made.secret}
          title={`The token “${made.token.name}”`}
          label={`Token ${made.token.name}`}
          secret={made.secret}
          onDone={() => setMade(null)}
        >
          It is shown this once. Whoever has it may do what it may: keep it where secrets are kept.
        </SecretOnce>
      )}
      {tokens.data ? (
        <>
          {tokens.data.tokens.length === 0 ? (
            <p className={page.note}>No token has been made here.</p>
          ) : (
            <ul aria-label="Tokens">
              {tokens.data.tokens.map((token) => (
                <TokenRow key={token.id} token={token} />
              ))}
            </ul>
          )}
          {tokens.data.configured > 0 && (
            <p className={page.note}>
              The server’s configuration has {tokens.data.configured} more, which may do all that an admin
              may.
            </p>
          )}
        </>
      ) : tokens.isError ? (
        <Notice
          kind="bad"
          title={errorText(tokens.error).title}
          actions={<Button onPress={() => void tokens.refetch()}>Try again</Button>}
        >
          {errorText(tokens.error).advice}
        </Notice>
      ) : (
        <div className={page.waiting} aria-busy="true" />
      )}
    </section>
  );
}

function TokenForm({ onMade }: { onMade: (made: MadeToken) => void }) {
  const make = useNewToken();
  const [name, setName] = useState("");
  const [access, setAccess] = useState<Access>("read");
  const [life, setLife] = useState<Life>("90");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (name.trim() === "" || make.isPending) return;
    make.mutate(
      { name, scopes: scopesOf(access), expires_at: expiry(life, new Date()) },
      {
        onSuccess: (made) => {
          onMade(made);
          setName("");
        },
      },
    );
  };

  return (
    <form onSubmit={submit} className={page.form} aria-label="Make a token">
      <div className={page.line}>
        <div className={page.wide}>
          <TextField label="Name" labelShown autoComplete="off" value={name} onChange={setName} />
        </div>
        <div className={page.narrow}>
          <Select label="May" labelShown value={access} onChange={setAccess} options={ACCESSES} />
        </div>
        <div className={page.narrow}>
          <Select label="Expires" labelShown value={life} onChange={setLife} options={LIFES} />
        </div>
        <Button type="submit" kind="primary" isDisabled={name.trim() === "" || make.isPending}>
          Make a token
        </Button>
      </div>
      {make.isError && <FormError error={make.error} />}
    </form>
  );
}

function TokenRow({ token }: { token: Token }) {
  const revoke = useRevokeToken();
  const now = useNow(60_000);
  const at = (time: string) => formatInstant(new Date(time), userTimezone(), userLocale());
  const { id, name, hint, expires_at: expires, last_used_at: used } = token;
  const expired = expires !== null && new Date(expires).getTime() <= now.getTime();
  return (
    <li className={styles.row}>
      <div className={styles.who}>
        <span className={styles.name}>{name}</span>
        <span className={page.note}>
          <code>{hint}…</code> · {used === null ? "never used" : `last used ${at(used)}`} ·{" "}
          {expires === null ? "never expires" : `${expired ? "expired" : "expires"} ${at(expires)}`} · made by{" "}
          {token.created_by}
        </span>
      </div>
      <div className={styles.role}>{accessText(token.scopes)}</div>
      <div className={styles.actions}>
        <ConfirmButton
          verb="Revoke"
          label={`Revoke ${name}`}
          question={`Revoke “${name}”?`}
          onConfirm={() => revoke.mutate(id)}
        >
          Programs that use it are refused from then on. It cannot be brought back.
        </ConfirmButton>
      </div>
      {revoke.isError && (
        <div className={styles.whole}>
          <FormError error={revoke.error} />
        </div>
      )}
    </li>
  );
}
