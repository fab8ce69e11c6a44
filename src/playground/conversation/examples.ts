/** Prompts to begin with: different subjects, and two that no benchmark resembles. */
export const examples: readonly { readonly name: string; readonly prompt: string }[] = [
  {
    name: "Sums",
    prompt:
      "A bakery sells rolls at three for 2 euros. I buy 21 rolls and pay with a 20 euro note. How much change do I get?",
  },
  {
    name: "Proof",
    prompt: "Prove that the product of any three consecutive whole numbers is divisible by 6.",
  },
  {
    name: "Code",
    prompt:
      "Write a Python function that takes a list of (start, end) dates, merges the ranges that overlap or touch, and returns them in order. What is its running time?",
  },
  {
    name: "Physics",
    prompt:
      "A 2 kg block slides down a 30 degree incline with a friction coefficient of 0.2. What is its acceleration, and how fast is it after 3 meters?",
  },
  {
    name: "Law",
    prompt:
      "A shop displays a coat with a price tag that is one tenth of the real price. A customer insists on paying that price. Has a contract been formed? Explain with reference to offer and acceptance.",
  },
  {
    name: "Facts",
    prompt: "Which river flows through Vienna, Budapest and Belgrade, and into which sea does it flow?",
  },
  {
    name: "Riddle",
    prompt:
      "Ann, Ben and Cleo each own one pet: a cat, a dog or a parrot. Ann is allergic to fur. Ben does not own the cat. Who owns which pet?",
  },
  {
    name: "Small talk",
    prompt: "Write two friendly lines that remind my flatmate that it is his turn to take out the bins.",
  },
];
