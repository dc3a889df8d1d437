A=${HOME:-x}
