// What shows an answer, for whoever has a query and its answer at hand: Explore
// and every card that shows a saved question.
//
//   <AnswerView query={query} answer={answer} at={at} size="card" view="bar" />
//
// It fetches and decides nothing. It fills the width of its place; a "card"
// also its height, which the place must have then.
export { AnswerView, type AnswerHandle, type AnswerViewProps, type ShownAs } from "./answer-view";
