a {
  b = "c"
}
