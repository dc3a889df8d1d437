a = <<EOT
${b}
EOT
