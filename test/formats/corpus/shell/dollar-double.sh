A="$HOME"
