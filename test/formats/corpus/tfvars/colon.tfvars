a: "x"
