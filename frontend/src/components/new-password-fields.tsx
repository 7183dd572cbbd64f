import { MIN_PASSWORD } from "./password-policy";
import { TextField } from "./text-field";

type NewPasswordFieldsProps = {
  password: string;
  again: string;
  onPassword: (password: string) => void;
  onAgain: (password: string) => void;
  autoFocus?: boolean;
};

/** A new password, twice: nobody sees what they type. */
export function NewPasswordFields({
  password,
  again,
  onPassword,
  onAgain,
  autoFocus = false,
}: NewPasswordFieldsProps) {
  return (
    <>
      <TextField
        label="New password"
        labelShown
        type="password"
        autoComplete="new-password"
        hint={`At least ${MIN_PASSWORD} characters. A few words that only you put together are good.`}
        autoFocus={autoFocus}
        value={password}
        onChange={onPassword}
      />
      <TextField
        label="The same again"
        labelShown
        type="password"
        autoComplete="new-password"
        hint={again !== "" && again !== password ? "The two are not the same yet." : undefined}
        value={again}
        onChange={onAgain}
      />
    </>
  );
}
