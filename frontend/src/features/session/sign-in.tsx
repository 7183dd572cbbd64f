import { useState, type SyntheticEvent } from "react";
import { ApiError } from "../../api/client";
import { useLogin } from "../../api/session";
import { Button } from "../../components/button";
import { errorText } from "../../components/error-text";
import { Notice } from "../../components/notice";
import { TextField } from "../../components/text-field";
import styles from "./session.module.css";

/** The form that signs in: the first admin by password alone, others with their address. */
export function SignInForm() {
  const login = useLogin();
  const [password, setPassword] = useState("");
  const [email, setEmail] = useState("");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (password === "" || login.isPending) return;
    login.mutate(email.trim() === "" ? { password } : { password, email });
  };

  return (
    <form onSubmit={submit} className={styles.form}>
      {login.isError && <LoginError error={login.error} />}
      <TextField
        label="Email"
        labelShown
        type="email"
        autoComplete="username"
        hint="Leave it empty to sign in as the first admin."
        value={email}
        onChange={setEmail}
      />
      <TextField
        label="Password"
        labelShown
        type="password"
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={setPassword}
      />
      <Button type="submit" kind="primary" isDisabled={password === "" || login.isPending}>
        {login.isPending ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}

function LoginError({ error }: { error: Error }) {
  if (error instanceof ApiError && error.status === 401) {
    return (
      <Notice kind="bad" title="That did not work">
        The password is wrong, or there is no such user. <code>loafctl dev</code> prints its password when it
        starts.
      </Notice>
    );
  }
  const { title, advice } = errorText(error);
  return (
    <Notice kind="bad" title={title}>
      {advice}
    </Notice>
  );
}
