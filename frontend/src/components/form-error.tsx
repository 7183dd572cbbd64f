import { ApiError } from "../api/client";
import { errorText } from "./error-text";
import { Notice } from "./notice";

/** Why a form was not taken: what the server says of its fields, else what it says of itself. */
export function FormError({ error }: { error: Error }) {
  if (error instanceof ApiError && [400, 404, 409].includes(error.status)) {
    return (
      <Notice kind="bad" title="That did not work">
        {error.message}
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
