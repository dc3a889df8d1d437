a = "Žilina 🌍"
