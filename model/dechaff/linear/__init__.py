"""The linear model: stages of logistic regression, and the file that holds them."""
