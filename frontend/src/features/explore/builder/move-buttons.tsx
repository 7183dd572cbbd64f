import { IconButton } from "../../../components/button";
import { DownIcon, UpIcon } from "../../../components/icons";
import type { Mover } from "./use-mover";

type MoveButtonsProps = { name: string; index: number; count: number; mover: Mover };

/** Moves an item of a list up and down. */
export function MoveButtons({ name, index, count, mover }: MoveButtonsProps) {
  return (
    <>
      <IconButton
        label={`Move ${name} up`}
        data-move="up"
        isDisabled={index === 0}
        onPress={() => mover.by(index, -1)}
      >
        <UpIcon />
      </IconButton>
      <IconButton
        label={`Move ${name} down`}
        data-move="down"
        isDisabled={index === count - 1}
        onPress={() => mover.by(index, 1)}
      >
        <DownIcon />
      </IconButton>
    </>
  );
}
