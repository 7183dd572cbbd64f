import { useState, type SyntheticEvent } from "react";
import { useSession, useSetPassword } from "../../api/session";
import { Button } from "../../components/button";
import { FormError } from "../../components/form-error";
import { NewPasswordFields } from "../../components/new-password-fields";
import { Notice } from "../../components/notice";
import page from "../../components/page.module.css";
import { longEnough } from "../../components/password-policy";
import { TextField } from "../../components/text-field";
import styles from "./settings.module.css";

/** Who is signed in, and how they change their password. */
export function PasswordPanel({ firstAdmin }: { firstAdmin: boolean }) {
  const user = useSession().data?.user;
  return (
    <section className={page.panel} aria-labelledby="password">
      <h2 id="password">Your password</h2>
      {user && <p className={page.note}>You are signed in as {user.email}.</p>}
      {firstAdmin ? (
        <p className={page.note}>
          The first admin’s password comes from the server’s configuration, and is changed there.
        </p>
      ) : (
        <PasswordForm />
      )}
    </section>
  );
}

function PasswordForm() {
  const set = useSetPassword();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const ready = current !== "" && longEnough(password) && password === again && !set.isPending;

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!ready) return;
    set.mutate(
      { current_password: current, password },
      {
        onSuccess: () => {
          setCurrent("");
          setPassword("");
          setAgain("");
        },
      },
    );
  };

  return (
    <form onSubmit={submit} className={styles.password} aria-label="Change your password">
      {set.isError && <FormError error={set.error} />}
      {set.isSuccess && <Notice title="Your password is changed">All your other sessions have ended.</Notice>}
      <TextField
        label="Current password"
        labelShown
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={setCurrent}
      />
      <NewPasswordFields password={password} again={again} onPassword={setPassword} onAgain={setAgain} />
      <Button type="submit" kind="primary" isDisabled={!ready}>
        Change the password
      </Button>
    </form>
  );
}
