/** Prompts of one task, as somebody might have them: kitchen sums with a unit in the answer. */
export const exampleTask = [
  "A recipe for 4 people takes 300 g of rice. How many grams do 7 people need?",
  "An oven takes 12 minutes to heat up and the bread bakes for 45. I want to eat at 19:30. When do I switch it on?",
  "How many 180 ml cups can I fill from a pot of 2.5 liters, and how much is left over?",
  "Butter costs 3.20 euros for 250 g. What does the butter for three cakes with 160 g each cost?",
  "A cake tin of 24 cm holds a recipe for 12 slices. How many slices does a tin of 28 cm give at the same height?",
  "A dough doubles every 50 minutes. How much larger is it after two and a half hours?",
  "I have 3 eggs, 500 g of flour and 400 ml of milk. One pancake takes 40 g of flour, 50 ml of milk and a third of an egg. How many pancakes can I make?",
  "Two thirds of a liter of stock, a quarter of a liter of cream and 150 ml of wine: does that fit a 1 liter jug?",
].join("\n");
