a = <<EOT
x
EOT y
EOT
